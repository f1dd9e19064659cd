// A peer that speaks the relay protocol as its first, Go implementation did: it posts {key, num} without
// token or content type, prints or reads the Initial packet as one line of JSON, and never calls
// anything else. Written for the tests, on the QUIC stack of that time.
//
//	QHOST=127.0.0.1:4433 seed dialer
//	QHOST=127.0.0.1:4433 seed accepter < packet.json
package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/lucas-clemente/quic-go"
	"github.com/lucas-clemente/quic-go/http3"
	"golang.org/x/crypto/blake2b"
)

const alpn = "EXAMPLE"

type generator struct {
	key     []byte
	topBit  byte
	mutex   sync.Mutex
	counter uint32
}

func newGenerator(topBit byte) *generator {
	key := make([]byte, 16)
	if _, err := rand.Read(key); err != nil {
		log.Fatal(err)
	}
	return &generator{key: key, topBit: topBit}
}

func (g *generator) ConnectionIDLen() int { return 12 }

func (g *generator) GenerateConnectionID() (quic.ConnectionID, error) {
	g.mutex.Lock()
	defer g.mutex.Unlock()
	g.counter++
	digest, err := blake2b.New(12, g.key)
	if err != nil {
		return quic.ConnectionID{}, err
	}
	var n [4]byte
	binary.BigEndian.PutUint32(n[:], g.counter)
	digest.Write(n[:])
	id := digest.Sum(nil)
	id[0] = id[0]&0x7f | g.topBit
	return quic.ConnectionIDFromBytes(id), nil
}

func config(g *generator) *quic.Config {
	return &quic.Config{
		ConnectionIDGenerator:            g,
		DisablePathMTUDiscovery:          true,
		DisableVersionNegotiationPackets: true,
		HandshakeIdleTimeout:             time.Minute,
	}
}

// register posts the key over HTTP/3, from the socket that the connection between the peers will use.
func register(conn net.PacketConn, host string, key []byte) {
	body, err := json.Marshal(map[string]any{"key": key, "num": 10})
	if err != nil {
		log.Fatal(err)
	}
	transport := &http3.RoundTripper{
		QuicConfig: config(newGenerator(0x80)),
		Dial: func(ctx context.Context, addr string, tlsConfig *tls.Config, quicConfig *quic.Config) (quic.EarlyConnection, error) {
			relay, err := net.ResolveUDPAddr("udp", addr)
			if err != nil {
				return nil, err
			}
			tlsConfig.InsecureSkipVerify = true
			return quic.DialEarlyContext(ctx, conn, relay, addr, tlsConfig, quicConfig)
		},
	}
	request, err := http.NewRequest(http.MethodPost, "https://"+host+"/v1/register", bytes.NewReader(body))
	if err != nil {
		log.Fatal(err)
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		log.Fatal(err)
	}
	defer transport.Close()
	if answer, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusOK {
		log.Fatalf("register: %s: %s", response.Status, answer)
	}
}

// firstWrite holds back the first datagram that the QUIC stack sends, and hands it to a function instead.
type firstWrite struct {
	net.PacketConn
	once sync.Once
	hand func(packet []byte)
}

func (c *firstWrite) WriteTo(p []byte, to net.Addr) (n int, err error) {
	held := false
	c.once.Do(func() { held = true })
	if held {
		c.hand(append([]byte(nil), p...))
		return len(p), nil
	}
	return c.PacketConn.WriteTo(p, to)
}

// injected reads one datagram that came by another way before those of the socket.
type injected struct {
	net.PacketConn
	packets chan []byte
	from    net.Addr
}

func (c *injected) ReadFrom(p []byte) (int, net.Addr, error) {
	for {
		select {
		case packet := <-c.packets:
			return copy(p, packet), c.from, nil
		default:
		}
		if err := c.PacketConn.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
			return 0, nil, err
		}
		n, from, err := c.PacketConn.ReadFrom(p)
		if timeout, ok := err.(net.Error); ok && timeout.Timeout() {
			continue
		}
		return n, from, err
	}
}

// An Ed25519 key as the first implementation makes, or one that KEY=ecdsa names.
func newKey() crypto.Signer {
	if os.Getenv("KEY") == "ecdsa" {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			log.Fatal(err)
		}
		return key
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		log.Fatal(err)
	}
	return key
}

func certificate() tls.Certificate {
	key := newKey()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		log.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func dial(socket net.PacketConn, relay net.Addr, host string) {
	g := newGenerator(0)
	conn := &firstWrite{PacketConn: socket}
	conn.hand = func(packet []byte) {
		line, _ := json.Marshal(map[string]any{"packet": packet})
		register(conn, host, g.key)
		fmt.Printf("%s\n", line)
	}
	tlsConfig := &tls.Config{InsecureSkipVerify: true, NextProtos: []string{alpn}}
	connection, err := quic.DialContext(context.Background(), conn, relay, "sni.local", tlsConfig, config(g))
	if err != nil {
		log.Fatal(err)
	}
	stream, err := connection.OpenStreamSync(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	for {
		if _, err := stream.Write([]byte("hello\n")); err != nil {
			log.Fatal(err)
		}
		time.Sleep(time.Second)
	}
}

func accept(socket net.PacketConn, relay net.Addr, host string) {
	line, err := bufio.NewReaderSize(os.Stdin, 16*1024).ReadBytes('\n')
	if err != nil {
		log.Fatal(err)
	}
	var flight struct{ Packet []byte }
	if err := json.Unmarshal(line, &flight); err != nil {
		log.Fatal(err)
	}
	g := newGenerator(0)
	conn := &injected{PacketConn: socket, packets: make(chan []byte, 1), from: relay}
	register(conn, host, g.key)
	tlsConfig := &tls.Config{NextProtos: []string{alpn}, Certificates: []tls.Certificate{certificate()}}
	listener, err := quic.Listen(conn, tlsConfig, config(g))
	if err != nil {
		log.Fatal(err)
	}
	conn.packets <- flight.Packet
	connection, err := listener.Accept(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	stream, err := connection.AcceptStream(context.Background())
	if err != nil {
		log.Fatal(err)
	}
	if _, err := io.Copy(os.Stdout, stream); err != nil {
		log.Fatal(err)
	}
}

func main() {
	host := os.Getenv("QHOST")
	relay, err := net.ResolveUDPAddr("udp4", host)
	if err != nil || len(os.Args) != 2 {
		log.Fatal("usage: QHOST=host:port seed dialer|accepter")
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{})
	if err != nil {
		log.Fatal(err)
	}
	switch os.Args[1] {
	case "dialer":
		dial(socket, relay, host)
	case "accepter":
		accept(socket, relay, host)
	}
}
