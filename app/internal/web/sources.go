package web

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"dozen/app/internal/inbox"
)

const (
	// sourceAge is how long a process may use a source's old secret or rate after a change.
	sourceAge = 2 * time.Second
	// missPause is the pause between two queries because of names that are not known: anybody can ask for any name.
	missPause = 100 * time.Millisecond
	// sourceTimeout limits a query, which does not end with the request that happens to make it.
	sourceTimeout = 3 * time.Second
)

// sourceCache holds all sources, so that an event does not need a query for its source. They are few: each is an
// agreement with a sender.
type sourceCache struct {
	current atomic.Pointer[sourceList]
	reading sync.Mutex
}

type sourceList struct {
	sources map[string]inbox.Source
	err     error
	at      time.Time // when the query began
}

// get returns the source, or inbox.ErrNotFound if it did not exist when the request came.
func (c *sourceCache) get(ctx context.Context, in *inbox.Inbox, name string) (inbox.Source, error) {
	began := time.Now()
	list := c.current.Load()
	if list == nil || !list.has(name, began) {
		list = c.since(ctx, in, name, began)
	}
	source, known := list.sources[name]
	switch {
	case list.err != nil:
		return inbox.Source{}, list.err
	case !known:
		return inbox.Source{}, inbox.ErrNotFound
	}
	return source, nil
}

// has reports whether the list knows the source and is young enough.
func (l *sourceList) has(name string, now time.Time) bool {
	_, known := l.sources[name]
	return known && now.Sub(l.at) < sourceAge
}

// since returns a list that is younger than the request, or that knows the name. Requests that wait for the same query
// share its result, and its error.
func (c *sourceCache) since(ctx context.Context, in *inbox.Inbox, name string, began time.Time) *sourceList {
	c.reading.Lock()
	defer c.reading.Unlock()
	if last := c.current.Load(); last != nil {
		if last.at.After(began) || last.has(name, began) {
			return last
		}
		time.Sleep(missPause - time.Since(last.at))
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), sourceTimeout)
	defer done()
	list := &sourceList{sources: map[string]inbox.Source{}, at: time.Now()}
	sources, err := in.Sources(ctx)
	for _, source := range sources {
		list.sources[source.Name] = source
	}
	list.err = err
	c.current.Store(list)
	return list
}
