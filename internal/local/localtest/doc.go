// Package localtest holds what the tests of the rooms around `dozen up` share: a synthesis of the checkout without the CDK's
// command line, and a writer that can be read while a process still prints.
package localtest
