// The Pub/Sub fake of Google's Go client, as a program. For machines without the Google Cloud SDK, which ships an
// emulator; build.sh says how it is built.
package main

import (
	"flag"
	"fmt"

	"cloud.google.com/go/pubsub/pstest"
)

func main() {
	port := flag.Int("port", 0, "the port to listen on; 0 takes a free one")
	flag.Parse()

	server := pstest.NewServerWithPort(*port)
	fmt.Printf("Cloud Pub/Sub emulator running on %s\n", server.Addr)
	select {}
}
