// Package inbox keeps events and what is to become of them.
//
//	POST /in/github ──► event ──┬─► delivery to "billing" ──► job ──► attempt, attempt, ...
//	                            └─► delivery to "audit"   ──► job ──► attempt
//
// A source says who may post, a destination where a source's events go. An
// event, its deliveries and their jobs are written in one transaction: there
// is no event without its jobs, and no job without its event. A delivery is
//
//	pending ──► delivered
//	   │  ▲
//	   ▼  └── replay, by an operator or the hourly redrive
//	  dead, after the last attempt; quarantined, if it killed its workers
package inbox
