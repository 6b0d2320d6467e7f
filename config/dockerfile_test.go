package config

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// Prevents: what docs/contract.md asks of a Dockerfile shows only on AWS, after a whole deployment.
func TestDockerfileIsComparedWithTheContract(t *testing.T) {
	const script = "#!/bin/sh\nset -e\nexec \"$@\"\n"
	for _, row := range []struct {
		name, dockerfile string
		build            Build
		procfile         string
		refused, warned  string // parts of the only message; both empty: no message
	}{
		{name: "the usual one", dockerfile: "FROM python:3.13\nENTRYPOINT []\nUSER root\nVOLUME /tmp\nCMD python\n"},
		{name: "two volumes", dockerfile: "FROM python\nVOLUME [\"/data\", \"/tmp\"]\n"},
		{name: "a volume of the base stage", dockerfile: "FROM python AS base\nVOLUME /tmp\nFROM base\n"},
		{name: "no volume", dockerfile: "FROM python\nRUN x\n", warned: "app/Dockerfile:1: FROM python: the image declares no VOLUME /tmp"},
		{name: "the volume of another stage", dockerfile: "FROM python AS a\nVOLUME /tmp\nFROM python\n", warned: "Dockerfile:3: FROM python: the image"},
		{name: "a volume in a comment", dockerfile: "FROM python\n# VOLUME /tmp\n", warned: "VOLUME /tmp"},
		{name: "a volume in a heredoc", dockerfile: "FROM python\nRUN <<END\nVOLUME /tmp\nEND\n", warned: "VOLUME /tmp"},
		{name: "a volume after a heredoc", dockerfile: "FROM python\nRUN <<-'END' cat\n\tFROM x\n\tEND\nVOLUME /tmp\n"},
		{name: "a volume of a continued line", dockerfile: "FROM python\nRUN a \\\n  VOLUME /tmp\n", warned: "VOLUME /tmp"},
		{name: "comments in a continued line", dockerfile: "FROM python\nRUN a \\\n# b\n\n  c\nvolume /tmp\n"},
		{name: "another escape", dockerfile: "# escape=`\nFROM python\nRUN dir c:\\\nVOLUME /tmp\n"},
		{name: "windows line ends", dockerfile: "FROM python\r\nRUN a \\\r\n  b\r\nVOLUME /tmp\r\n"},

		{name: "empty", dockerfile: "# nothing\n", refused: "app/Dockerfile has no FROM"},
		{name: "entry point", dockerfile: "FROM python\n\nENTRYPOINT [\"python\", \"main.py\"]\nVOLUME /tmp\n",
			refused: `app/Dockerfile:3: ENTRYPOINT ["python", "main.py"]: it gets the words`},
		{name: "entry point of a shell", dockerfile: "FROM python\nENTRYPOINT python main.py\nVOLUME /tmp\n", refused: "without brackets, every process runs this"},
		{name: "entry point of the base stage", dockerfile: "FROM python AS base\nENTRYPOINT [\"python\"]\nFROM base AS last\nVOLUME /tmp\n",
			refused: "app/Dockerfile:2: ENTRYPOINT"},
		{name: "entry point taken back", dockerfile: "FROM python AS base\nENTRYPOINT [\"python\"]\nFROM base AS last\nVOLUME /tmp\nENTRYPOINT []\n"},
		{name: "entry point of a build stage", dockerfile: "FROM python AS base\nENTRYPOINT [\"python\"]\nFROM python\nVOLUME /tmp\n"},
		{name: "entry point of a later stage", build: Build{Target: "base"},
			dockerfile: "FROM python AS base\nVOLUME /tmp\nFROM base\nENTRYPOINT [\"python\"]\n"},
		{name: "an init", dockerfile: "FROM python\nENTRYPOINT [\"/usr/bin/tini\", \"--\"]\nVOLUME /tmp\n"},
		{name: "a script of the app", dockerfile: "FROM ruby\nCOPY . /rails\nENTRYPOINT [\"/rails/bin/docker-entrypoint\"]\nVOLUME /tmp\n"},
		{name: "a script that runs something else", dockerfile: "FROM ruby\nENTRYPOINT [\"/app/start.sh\"]\nVOLUME /tmp\n", refused: "start.sh"},
		{name: "a script of the base image", dockerfile: "FROM ruby\nENTRYPOINT [\"docker-entrypoint.sh\"]\nVOLUME /tmp\n",
			warned: "this script must end with exec \"$@\""},

		{name: "our platform", dockerfile: "FROM --platform=linux/arm64 python\nVOLUME /tmp\n"},
		{name: "the target's platform", dockerfile: "FROM --platform=$TARGETPLATFORM python\nVOLUME /tmp\n"},
		{name: "another platform", dockerfile: "FROM --platform=linux/amd64 python\nVOLUME /tmp\n",
			refused: "app/Dockerfile:1: FROM --platform=linux/amd64 python: the image is for linux/amd64, and tasks run on linux/arm64"},
		{name: "another platform by an argument", dockerfile: "ARG OS=linux\nARG CPU=amd64\nFROM --platform=${OS}/$CPU python\nVOLUME /tmp\n",
			refused: "the image is for linux/amd64"},
		{name: "our platform by an argument", build: Build{Args: map[string]string{"CPU": "arm64"}},
			dockerfile: "ARG CPU=amd64\nFROM --platform=linux/${CPU:-x} python\nVOLUME /tmp\n"},
		{name: "the builder's platform", dockerfile: "FROM --platform=$BUILDPLATFORM python\nVOLUME /tmp\n", warned: "remove --platform"[1:]},
		{name: "the builder's platform for a build stage", dockerfile: "FROM --platform=$BUILDPLATFORM python AS b\nFROM python\nVOLUME /tmp\n"},

		{name: "a target", build: Build{Target: "Web"}, dockerfile: "FROM python AS web\nVOLUME /tmp\nFROM --platform=linux/amd64 x\n"},
		{name: "a target by number", build: Build{Target: "0"}, dockerfile: "FROM python AS web\nVOLUME /tmp\nFROM --platform=linux/amd64 x\n"},
		{name: "no such target", build: Build{Target: "production"}, dockerfile: "FROM python AS web\nFROM web AS last\n",
			refused: `Build.Target is "production": app/Dockerfile has no such stage, its stages are web, last`},
		{name: "a misspelt argument", build: Build{Args: map[string]string{"VERSIO": "3", "http_proxy": "x", "A": "1", "B": "2"}},
			dockerfile: "ARG A\nFROM python\nARG VERSION B\nVOLUME /tmp\n", warned: "Build.Args has VERSIO, for which app/Dockerfile has no ARG"},

		{name: "no shell, and none needed", dockerfile: "FROM scratch\nCOPY --from=x /app /app\nVOLUME /tmp\n"},
		{name: "no shell", procfile: "web: app --port $PORT\nworker: app | cat\n", dockerfile: "FROM scratch\nCOPY --from=x /app /app\nVOLUME /tmp\n",
			refused: "app/Dockerfile:1: FROM scratch has no shell of its own, and lines of the Procfile need one: web has $PORT, worker has |"},
		{name: "no shell in distroless", procfile: "web: app $PORT\n", dockerfile: "ARG V=12\nFROM gcr.io/distroless/base-debian$V\nVOLUME /tmp\n",
			refused: "has no shell"},
		{name: "a shell in distroless", procfile: "web: app $PORT\n", dockerfile: "FROM gcr.io/distroless/base:debug\nVOLUME /tmp\n"},
		{name: "perhaps a shell", procfile: "web: app $PORT\n", dockerfile: "FROM scratch\nCOPY --from=x /rootfs /\nVOLUME /tmp\n",
			warned: "If no COPY brings /bin/sh"},
		{name: "a shell", procfile: "web: app $PORT\n", dockerfile: "FROM python\nVOLUME /tmp\n"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if row.procfile == "" {
				row.procfile = "web: app\n"
			}
			row.build.Directory = "app"
			app, err := App{Build: row.build}.read(fstest.MapFS{
				"Procfile": {Data: []byte(row.procfile)}, "Dockerfile": {Data: []byte(row.dockerfile)},
				"bin/docker-entrypoint": {Data: []byte(script)}, "start.sh": {Data: []byte("#!/bin/sh\npython main.py\n")},
			}, "compiled")
			if row.refused == "" && err != nil || row.refused != "" && (err == nil || !strings.Contains(err.Error(), row.refused)) {
				t.Errorf("refused with %v, want %q", err, row.refused)
			}
			warned := strings.Join(app.Warnings, "\n")
			if err == nil && (row.warned == "" && warned != "" || !strings.Contains(warned, row.warned)) {
				t.Errorf("warned of %q, want %q", warned, row.warned)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("several messages: %v", err)
			}
		})
	}
}

// Whatever a Dockerfile holds, it is read without a panic, and nothing in a comment or a heredoc counts.
func FuzzDockerfile(f *testing.F) {
	for _, seed := range []string{"FROM a AS b\nRUN <<E\nx\nE\n", "# escape=`\nFROM a\nRUN x`\ny", "FROM\nFROM x AS\nENTRYPOINT [", "ARG A=$A\nFROM $A"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := (App{Build: Build{Directory: "app"}}).checkDockerfile(text, os.DirFS(t.TempDir())); err == nil && !strings.Contains(strings.ToUpper(text), "FROM") {
			t.Errorf("%q passes", text)
		}
	})
}
