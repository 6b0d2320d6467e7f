package retention

import (
	"maps"
	"slices"
	"testing"

	"dozen/config"
)

// Prevents: a retention that validation accepts and the log group does not have, which keeps logs forever.
func TestEveryRetentionExists(t *testing.T) {
	if got := slices.Sorted(maps.Keys(logRetention)); !slices.Equal(got, config.LogRetentions) {
		t.Errorf("log groups can have %v days, validation accepts %v", got, config.LogRetentions)
	}
}
