// Package inbox stores events and plans their deliveries.
//
//	POST /in/github ──► event ──┬─► delivery to "billing" ──► job ──► attempts
//	                            └─► delivery to "audit"   ──► job ──► attempts
//
// A source is a system that may post events. A destination is a URL that a source's events go to. An event, its
// deliveries and their jobs are written in one transaction: there is no event without its jobs, and no job without its
// event. A delivery is in one of four states:
//
//	pending ──► delivered ──► archived with its event, see ArchiveBatch
//	   │  ▲
//	   ▼  └── replay, by an operator or the hourly redrive
//	  dead (after the last attempt) or quarantined (after it has killed its workers)
package inbox
