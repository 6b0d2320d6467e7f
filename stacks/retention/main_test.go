package retention

import (
	"os"
	"testing"

	"github.com/aws/jsii-runtime-go"
)

// TestMain removes what importing the construct library has written into the temporary directory.
func TestMain(m *testing.M) {
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}
