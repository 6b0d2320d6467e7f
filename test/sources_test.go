package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"dozen/config"
	"dozen/internal/backlog"
)

// Prevents: a library that a team may write and the proxy refuses, which ends every task; or one that the proxy knows in vain.
func TestProxyCountsWhatSettingsAllow(t *testing.T) {
	var counted []string
	for _, kind := range sourceKinds(t) {
		if (config.Source{Kind: config.SourceKind(kind)}).Counted() {
			counted = append(counted, kind)
		}
	}
	slices.Sort(counted)
	if !slices.Equal(counted, backlog.Kinds()) {
		t.Errorf("settings have %q, and the proxy counts %q", counted, backlog.Kinds())
	}
}

// sourceKinds are the values of config's constants of type SourceKind.
func sourceKinds(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, "config", "source.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		kind, isNamed := spec.Type.(*ast.Ident)
		if literal, ok := spec.Values[0].(*ast.BasicLit); ok && isNamed && kind.Name == "SourceKind" {
			text, err := strconv.Unquote(literal.Value)
			must(err)
			kinds = append(kinds, text)
		}
		return true
	})
	if len(kinds) < 10 {
		t.Fatalf("only %q were found", kinds)
	}
	return kinds
}
