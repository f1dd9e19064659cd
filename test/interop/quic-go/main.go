// A peer on quic-go, which test/integration/harness/foreign/peer.ts starts and commands. It knows nothing of
// the relay but its address: the test registers its key and carries its first flight.
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/qlog"
	"golang.org/x/crypto/blake2b"
)

// generator gives out the connection IDs of a key, in order (docs/protocol.md, "Connection IDs").
type generator struct {
	key    []byte
	issued atomic.Uint32
}

func (g *generator) ConnectionIDLen() int { return 12 }

func (g *generator) GenerateConnectionID() (quic.ConnectionID, error) {
	digest, err := blake2b.New(12, g.key)
	if err != nil {
		return quic.ConnectionID{}, err
	}
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], g.issued.Add(1))
	digest.Write(n[:])
	id := digest.Sum(nil)
	id[0] &= 0x7f
	return quic.ConnectionIDFromBytes(id), nil
}

func must[T any](value T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return value
}

// requirePin trusts the one key that the test names.
func requirePin(state tls.ConnectionState) error {
	hash := sha256.Sum256(state.PeerCertificates[0].RawSubjectPublicKeyInfo)
	if "sha256/"+base64.StdEncoding.EncodeToString(hash[:]) != os.Getenv("PIN") {
		return errors.New("the pin is another")
	}
	return nil
}

func tlsConfig() *tls.Config {
	return &tls.Config{
		Certificates:       []tls.Certificate{must(tls.LoadX509KeyPair(os.Getenv("CERTIFICATE"), os.Getenv("PRIVATE_KEY")))},
		ClientAuth:         tls.RequireAnyClientCert,
		InsecureSkipVerify: true,
		NextProtos:         []string{os.Getenv("ALPN")},
		VerifyConnection:   requirePin,
	}
}

// config has qlog written to QLOGDIR, where the test finds the updates of keys.
func config() *quic.Config {
	return &quic.Config{
		DisablePathMTUDiscovery: true,
		InitialPacketSize:       1200,
		HandshakeIdleTimeout:    time.Minute,
		Tracer:                  qlog.DefaultConnectionTracer,
	}
}

// echoAll sends everything back that comes on the streams, until the connection ends.
func echoAll(connection *quic.Conn) {
	for {
		stream, err := connection.AcceptStream(context.Background())
		if err != nil {
			return
		}
		go func() {
			if _, err := io.Copy(stream, stream); err == nil {
				stream.Close()
			}
		}()
	}
}

// askEcho sends random bytes on a stream of their own, and waits for them and the end of the stream.
func askEcho(connection *quic.Conn, size int) {
	sent := make([]byte, size)
	rand.Read(sent)
	stream := must(connection.OpenStreamSync(context.Background()))
	go func() {
		must(stream.Write(sent))
		stream.Close()
	}()
	received, lastByte := make([]byte, size), time.Time{}
	must(io.ReadFull(stream, received))
	lastByte = time.Now()
	if rest := must(io.ReadAll(stream)); len(rest) > 0 || !bytes.Equal(received, sent) {
		log.Fatal("the echo differs")
	}
	fmt.Printf("echoed %d, and the end %.1f ms later\n", size, float64(time.Since(lastByte).Microseconds())/1e3)
}

// detour is a socket whose datagrams go elsewhere than the connection thinks: behind another NAT, or past the relay.
type detour struct {
	net.PacketConn
	supposed, actual net.Addr
}

func (d *detour) WriteTo(datagram []byte, _ net.Addr) (int, error) {
	return d.PacketConn.WriteTo(datagram, d.actual)
}

func (d *detour) ReadFrom(buffer []byte) (int, net.Addr, error) {
	size, _, err := d.PacketConn.ReadFrom(buffer)
	return size, d.supposed, err
}

// migrate moves the connection to a socket of its own (RFC 9000 §9), as soon as the other side has answered there.
func migrate(ctx context.Context, connection *quic.Conn, ids *generator, to string) {
	actual := must(net.ResolveUDPAddr("udp4", to))
	socket := must(net.ListenPacket("udp4", "127.0.0.1:0"))
	transport := &quic.Transport{
		Conn:                  &detour{socket, connection.RemoteAddr(), actual},
		ConnectionIDGenerator: ids,
	}
	path := must(connection.AddPath(transport))
	err := path.Probe(ctx)
	if err == nil {
		err = path.Switch()
	}
	if err != nil {
		fmt.Printf("stayed: %v\n", err)
		path.Close()
		return
	}
	fmt.Println("migrated")
}

func obey(connection *quic.Conn, ids *generator) {
	input := bufio.NewScanner(os.Stdin)
	giveUp := func() {}
	for input.Scan() {
		var size int
		to, isMigration := strings.CutPrefix(input.Text(), "migrate ")
		switch {
		case isMigration:
			ctx, cancel := context.WithCancel(context.Background())
			giveUp = cancel
			go migrate(ctx, connection, ids, to)
		case input.Text() == "give-up":
			giveUp()
		case input.Text() == "close":
			connection.CloseWithError(0, "")
		case must(fmt.Sscanf(input.Text(), "echo %d", &size)) == 1:
			askEcho(connection, size)
		}
	}
}

func main() {
	relay := must(net.ResolveUDPAddr("udp4", os.Getenv("RELAY")))
	socket := must(net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))
	ids := &generator{key: must(hex.DecodeString(os.Getenv("KEY")))}
	transport := &quic.Transport{
		Conn:                             socket,
		ConnectionIDGenerator:            ids,
		DisableVersionNegotiationPackets: true,
	}
	if os.Getenv("RETRY") != "" {
		transport.VerifySourceAddress = func(net.Addr) bool { return true }
	}
	var connection *quic.Conn
	if os.Args[1] == "dialer" {
		connection = must(transport.Dial(context.Background(), relay, tlsConfig(), config()))
	} else {
		// The proxy between this program and the relay learns its address.
		must(socket.WriteTo([]byte{0}, relay))
		listener := must(transport.Listen(tlsConfig(), config()))
		connection = must(listener.Accept(context.Background()))
	}
	<-connection.HandshakeComplete()
	fmt.Println("connected")
	go echoAll(connection)
	go obey(connection, ids)
	<-connection.Context().Done()
	fmt.Printf("closed: %v\n", context.Cause(connection.Context()))
	transport.Close()
}
