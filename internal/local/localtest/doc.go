// Package localtest has helpers for the tests of `dozen up`: Synthesize writes the checkout's assembly without the
// CDK's command line, a Transcript is a writer that can be read while a process still prints, and Receive and Bounded
// end what would otherwise wait without end.
package localtest
