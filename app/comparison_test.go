package main

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// times are how long requests took.
type times []time.Duration

func (t times) at(quantile float64) time.Duration {
	slices.Sort(t)
	return t[min(int(float64(len(t))*quantile), len(t)-1)]
}

// hammer sends requests over 16 connections and returns how long each took,
// and all of them together.
func hammer(b *testing.B, requests int, one func(client *http.Client, number int) error) (each times, total time.Duration) {
	const crowd = 16
	each = make(times, requests)
	var next atomic.Int64
	var all sync.WaitGroup
	client := newClient(b, crowd)
	began := time.Now()
	for range crowd {
		all.Go(func() {
			for {
				number := int(next.Add(1)) - 1
				if number >= requests {
					return
				}
				start := time.Now()
				if err := one(client, number); err != nil {
					b.Error(err)
					return
				}
				each[number] = time.Since(start)
			}
		})
	}
	all.Wait()
	return each, time.Since(began)
}

// compare lets the app and its floor take turns, so that both meet the same
// machine, and reports medians over the turns: one noisy moment of a shared
// machine decides nothing. app/s and the others are of this machine; only the
// ratios mean something elsewhere.
func compare(b *testing.B, requests int, app, floor func(client *http.Client, number int) error) {
	const turns = 11
	b.ResetTimer()
	for range b.N {
		var ratios, tails, tops, rates, floorRates []float64
		for turn := range turns {
			var each [2]times
			var took [2]time.Duration
			for step := range 2 {
				i := (turn + step) % 2 // each begins every other turn
				one := []func(*http.Client, int) error{app, floor}[i]
				each[i], took[i] = hammer(b, requests, func(client *http.Client, number int) error { return one(client, turn*requests+number) })
			}
			ratios = append(ratios, took[1].Seconds()/took[0].Seconds())
			tails = append(tails, float64(each[0].at(0.99))/float64(each[1].at(0.99)))
			tops = append(tops, each[0].at(0.99).Seconds()*1000)
			rates = append(rates, float64(requests)/took[0].Seconds())
			floorRates = append(floorRates, float64(requests)/took[1].Seconds())
		}
		b.ReportMetric(median(rates), "app/s")
		b.ReportMetric(median(floorRates), "bare/s")
		b.ReportMetric(median(ratios), "ratio")
		b.ReportMetric(median(tails), "p99-ratio")
		b.ReportMetric(median(tops), "app-p99-ms")
	}
	b.ReportMetric(0, "ns/op")
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}
