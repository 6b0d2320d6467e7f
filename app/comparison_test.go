package main

import (
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// times are the durations of requests.
type times []time.Duration

func (t times) at(quantile float64) time.Duration {
	slices.Sort(t)
	return t[min(int(float64(len(t))*quantile), len(t)-1)]
}

// hammer sends requests over 16 connections, and returns how long each and all of them took.
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

// compare measures the app and its floor in turns, so that both run under the same load, and reports medians, so that
// a noisy moment of a shared machine does not matter. Only the ratios are comparable between machines.
func compare(b *testing.B, requests int, app, floor func(client *http.Client, number int) error) {
	const turns = 11
	b.ResetTimer()
	for range b.N {
		var ratios, tails, tops, rates, floorRates []float64
		for turn := range turns {
			var each [2]times
			var took [2]time.Duration
			for step := range 2 {
				i := (turn + step) % 2 // the app and the floor alternate in going first
				one := []func(*http.Client, int) error{app, floor}[i]
				each[i], took[i] = hammer(b, requests, func(client *http.Client, number int) error {
					return one(client, turn*requests+number)
				})
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
