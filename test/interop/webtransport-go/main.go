// A WebTransport server, quic-go's, which is the gateway behind a relay in test/integration/webtransport.test.ts. To ordinary requests
// over HTTP/3 it answers 404, whatever they ask for. It listens on a free port, which it prints, as it does each session and its end.
//
//	webtransport-go cert.pem key.pem 127.0.0.1:0
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/quic-go/quic-go/http3"
	"github.com/quic-go/webtransport-go"
)

func main() {
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	config := http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{certificate}})
	server := webtransport.Server{
		H3: &http3.Server{Handler: mux, TLSConfig: config},
		// The page of the test comes from elsewhere.
		CheckOrigin: func(*http.Request) bool { return true },
	}
	serve := func(path string, handle func(*webtransport.Session)) {
		mux.HandleFunc("CONNECT "+path, func(w http.ResponseWriter, r *http.Request) {
			session, err := server.Upgrade(w, r)
			if err != nil {
				log.Print(err)
				return
			}
			fmt.Printf("%s from %s\n", path, session.RemoteAddr())
			handle(session)
			tellEnd(path, session)
		})
	}
	serve("/echo", echo)
	serve("/reset", reset)
	fmt.Println("port", conn.LocalAddr().(*net.UDPAddr).Port)
	log.Fatal(server.Serve(conn))
}

// echo returns streams and datagrams in kind until the session ends.
func echo(session *webtransport.Session) {
	ctx := session.Context()
	go func() {
		for {
			datagram, err := session.ReceiveDatagram(ctx)
			if err != nil {
				return
			}
			session.SendDatagram(datagram)
		}
	}()
	go func() {
		for {
			incoming, err := session.AcceptUniStream(ctx)
			if err != nil {
				return
			}
			go echoUni(ctx, session, incoming)
		}
	}()
	for {
		stream, err := session.AcceptStream(ctx)
		if err != nil {
			return
		}
		go func() {
			io.Copy(stream, stream)
			stream.Close()
		}()
	}
}

func echoUni(ctx context.Context, session *webtransport.Session, incoming *webtransport.ReceiveStream) {
	outgoing, err := session.OpenUniStreamSync(ctx)
	if err != nil {
		return
	}
	io.Copy(outgoing, incoming)
	outgoing.Close()
}

// reset breaks off its side of the next stream. A session that this library closes is one that Chromium takes for lost, with or
// without a relay, as STOP_SENDING comes before the code: so a code from the server is that of a stream here.
func reset(session *webtransport.Session) {
	stream, err := session.AcceptStream(session.Context())
	if err != nil {
		return
	}
	stream.CancelWrite(42)
}

// tellEnd prints how a session has ended. Its streams know.
func tellEnd(path string, session *webtransport.Session) {
	<-session.Context().Done()
	_, err := session.AcceptStream(context.Background())
	var end *webtransport.SessionError
	if errors.As(err, &end) && end.Remote {
		fmt.Printf("%s closed with %d %s\n", path, end.ErrorCode, end.Message)
		return
	}
	fmt.Printf("%s ended\n", path)
}
