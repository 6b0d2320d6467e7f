package config

// The engines' versions, pinned in this one place. The bundled app's compose.yaml runs the same major versions; a test
// compares them. RDS upgrades minor versions of PostgreSQL in the maintenance window, and refuses to go back: PostgresVersion
// must not be changed to an older version than the one that runs anywhere.
const (
	PostgresVersion = "17.9"
	ValkeyVersion   = "8.1"

	// FluentBitVersion is the tag of AWS's Fluent Bit image, for Options.FireLens.
	FluentBitVersion = "3.4.14"
)
