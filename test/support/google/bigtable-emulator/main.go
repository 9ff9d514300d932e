// The Bigtable emulator of Google's Go client, as a program. For machines without the Google Cloud SDK, which ships the
// same one; build.sh says how it is built.
package main

import (
	"flag"
	"fmt"
	"log"

	"cloud.google.com/go/bigtable/bttest"
)

func main() {
	host := flag.String("host", "127.0.0.1", "the address to listen on")
	port := flag.Int("port", 0, "the port to listen on; 0 takes a free one")
	flag.Parse()

	server, err := bttest.NewServer(fmt.Sprintf("%s:%d", *host, *port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("Cloud Bigtable emulator running on %s\n", server.Addr)
	select {}
}
