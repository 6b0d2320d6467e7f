// Package localtest has helpers for the tests of `dozen up`: Synthesize writes an assembly of the checkout without the
// CDK's command line, with the Fixture as its app, a Transcript is a writer that can be read while a process still prints,
// and Receive and Bounded end what would otherwise wait without end.
package localtest
