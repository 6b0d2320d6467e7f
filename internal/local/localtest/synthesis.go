package localtest

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Synthesize writes the assembly of a checkout into a directory, as `cdk synth` does, but skips AWS's validator, which has its own
// tests. The app is the one in app/ of another directory: the checkout itself, or its Fixture.
func Synthesize(directory, checkout, app string) error {
	settings, err := os.ReadFile(filepath.Join(checkout, "cdk.json"))
	if err != nil {
		return err
	}
	var cdk struct{ Context map[string]any }
	if err := json.Unmarshal(settings, &cdk); err != nil {
		return fmt.Errorf("cdk.json: %w", err)
	}
	cdk.Context["aws:cdk:enable-path-metadata"] = true // as the command line does
	values, err := json.Marshal(cdk.Context)
	if err != nil {
		return err
	}
	ctx, done := context.WithTimeout(context.Background(), 10*time.Minute)
	defer done()
	cmd := exec.CommandContext(ctx, filepath.Join(checkout, "scripts", "app"), app)
	cmd.Env = append(os.Environ(), "CDK_VALIDATION=false", "CDK_OUTDIR="+directory, "CDK_CONTEXT_JSON="+string(values))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("scripts/app: %w\n%s", err, out)
	}
	return nil
}
