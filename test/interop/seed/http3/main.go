// An HTTP/3 server of another implementation, quic-go's, for the peers' client. It listens on a free port of
// loopback, which it prints, and answers a request with what it has read of it.
//
//	http3 cert.pem key.pem
package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/lucas-clemente/quic-go/http3"
)

func main() {
	certificate, err := tls.LoadX509KeyPair(os.Args[1], os.Args[2])
	if err != nil {
		log.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	handler := http.NewServeMux()
	handler.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			log.Print(err)
		}
		w.Header().Set("x-authorization", r.Header.Get("authorization"))
		fmt.Fprintf(w, "%s %s %s", r.Method, r.Host, body)
	})
	handler.HandleFunc("/long", func(w http.ResponseWriter, r *http.Request) {
		for i := 0; i < 1000; i++ {
			io.WriteString(w, strings.Repeat("x", 1000))
		}
	})
	server := http3.Server{
		Handler:   handler,
		TLSConfig: http3.ConfigureTLSConfig(&tls.Config{Certificates: []tls.Certificate{certificate}}),
	}
	fmt.Println("port", conn.LocalAddr().(*net.UDPAddr).Port)
	log.Fatal(server.Serve(conn))
}
