// Package config is what a team edits: plain Go values that say what each environment is like. It imports no other package of
// Dozen and nothing of the construct library, so that every setting can be checked in milliseconds.
//
//	environments.go     Development(), Staging(), Production()   the file to edit, the only place where environments differ
//	     |
//	     v
//	overrides.go        DOZEN_... variables                      what depends on where you deploy: account, domain, ephemeral name
//	     |
//	     v
//	validate*.go        every problem at once, before anything is synthesized
//	     |                  ^
//	     v                  |
//	[]Environment, App  <---'  app.go, procfile.go               what the app in app/ says about itself
//
// environment.go, backing_services.go and processes.go explain every field. drain.go and connections.go derive the figures
// that must agree with each other: timeouts from the longest request, database connections from pool sizes.
//
// Only main.go reads files and variables, and passes them in.
package config
