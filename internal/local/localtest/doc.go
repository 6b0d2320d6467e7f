// Package localtest has helpers for the tests of `dozen up`: Synthesize writes the checkout's assembly without the
// CDK's command line, and a Transcript is a writer that can be read while a process still
// prints, and Receive waits with a bound.
package localtest
