// Dozen puts a twelve-factor application on AWS: `make synth` writes its CloudFormation, `npx cdk deploy 'dev/*'` deploys it.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"dozen/config"
	"dozen/internal/templatecheck"
	"dozen/stacks"
	"dozen/stacks/nag"

	"github.com/aws/aws-cdk-go/awscdk/v2"
)

func main() {
	stderr := os.Stderr // closeLibrary takes the variable away
	if err := run(os.Environ()); err != nil {
		fmt.Fprintln(stderr, err)
		os.Exit(1)
	}
}

// run reads the environments and the app, synthesizes a stage for each environment, and checks the templates. It reports all
// problems with the settings before it synthesizes anything. After a problem, no command deploys what is in the directory.
func run(environ []string) (err error) {
	defer closeLibrary() // importing the library has already written its runtime into the temporary directory
	directory := os.Getenv("CDK_OUTDIR")
	if directory == "" || os.Getenv("CDK_CONTEXT_JSON") == "" {
		return errors.New("CDK_OUTDIR and CDK_CONTEXT_JSON are not set: only the CDK's command line can run this program; " +
			"write `make synth`, or `npx cdk synth --quiet '**'`")
	}
	defer func() {
		if err != nil {
			_ = os.Remove(filepath.Join(directory, "manifest.json")) // without it, it is no assembly
		}
	}()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	here, err := os.Getwd()
	if err == nil {
		here, err = filepath.EvalSymlinks(here) // because .. is the parent of the directory itself
	}
	if err != nil {
		return err
	}
	build := config.AppBuild()
	environments, app, err := config.Load(os.DirFS(build.Directory), build, here, filepath.Dir(program), environ)
	if err != nil {
		return err
	}
	for _, warning := range append(config.Warnings(environments), app.Warnings...) {
		fmt.Fprintln(os.Stderr, "WARNING", warning)
	}
	if err := synthesize(environments, app); err != nil {
		return err
	}
	return templatecheck.Check(os.DirFS(directory))
}

// synthesize writes the assembly.
func synthesize(environments []config.Environment, app config.App) error {
	var cdk awscdk.App
	if err := call(func() { cdk = awscdk.NewApp(stacks.AppProps()) }); err != nil {
		return fmt.Errorf("the construct library does not start: %w; it needs Node 20 or newer, on the path or in JSII_NODE", err)
	}
	var stages []awscdk.Stage
	for _, e := range environments {
		err := call(func() {
			stage := stacks.NewStage(cdk, e, app).Stage
			nag.AddChecks(stage)
			stages = append(stages, stage)
		})
		if err != nil {
			return fmt.Errorf("environment %q: %w", e.Name, err)
		}
	}
	err := call(func() { cdk.Synth(nil) })
	if err == nil {
		return nil
	}
	// The library does not say which environment it is about, so each is tried alone.
	for i, stage := range stages {
		if alone := call(func() { stage.Synth(nil) }); alone != nil {
			return fmt.Errorf("environment %q: %w", environments[i].Name, alone)
		}
	}
	return err
}
