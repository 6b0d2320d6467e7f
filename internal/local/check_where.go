package local

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// line names the line of the Procfile that declares a process, such as app/Procfile:2.
func (c *check) line(process string) string {
	file := filepath.Join(c.settings.App, "Procfile")
	shown, err := filepath.Rel(c.settings.Checkout, file)
	if err != nil {
		shown = file
	}
	return shown + lineOf(file, regexp.MustCompile(`^\s*`+regexp.QuoteMeta(process)+`\s*:`))
}

// setting names a setting and the line that sets it, if a line does.
func (c *check) setting(field, name string) string {
	const file = "config/environments.go"
	return fmt.Sprintf("%s in %s%s", name, file, lineOf(filepath.Join(c.settings.Checkout, file), regexp.MustCompile(`\b`+field+`:`)))
}

// lineOf returns the number of the first line that matches, such as ":3", or "".
func lineOf(path string, is *regexp.Regexp) string {
	text, _ := os.ReadFile(path)
	for i, line := range strings.Split(string(text), "\n") {
		if is.MatchString(line) {
			return ":" + strconv.Itoa(i+1)
		}
	}
	return ""
}

// until waits for a condition, at most for a time and while the task runs. It returns whether the condition holds.
func (c *check) until(ctx context.Context, bound time.Duration, task *tried, holds func() bool) bool {
	for deadline := time.Now().Add(bound); ; {
		if holds() {
			return true
		}
		select {
		case <-task.Done():
			return holds()
		case <-ctx.Done():
			return false
		case <-time.After(soon):
		}
		if time.Now().After(deadline) {
			return false
		}
	}
}

// connects reports whether a program listens on an address.
func connects(address string) bool {
	connection, err := net.DialTimeout("tcp", address, time.Second)
	if err == nil {
		_ = connection.Close()
	}
	return err == nil
}

// addressOfThisMachine returns an address under which other machines know this one, or "".
func addressOfThisMachine() string {
	all, _ := net.InterfaceAddrs()
	for _, a := range all {
		if address, is := a.(*net.IPNet); is && address.IP.To4() != nil && !address.IP.IsLoopback() && !address.IP.IsLinkLocalUnicast() {
			return address.IP.String()
		}
	}
	return ""
}

// portsOf returns the ports on which the processes of a task listen, which have a process group of their own. Only Linux tells.
func portsOf(group int) []string {
	sockets := map[string]string{} // the port by the socket's inode
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		text, _ := os.ReadFile(table)
		for line := range strings.Lines(string(text)) {
			if fields := strings.Fields(line); len(fields) > 9 && fields[3] == "0A" { // listening
				sockets["socket:["+fields[9]+"]"] = strconv.Itoa(int(socketAddress(fields[1]).Port()))
			}
		}
	}
	var ports []string
	open, _ := filepath.Glob("/proc/[0-9]*/fd/*")
	for _, file := range open {
		link, err := os.Readlink(file)
		if port := sockets[link]; err == nil && port != "" && groupOf(filepath.Dir(filepath.Dir(file))) == group {
			ports = append(ports, port)
			delete(sockets, link)
		}
	}
	return ports
}

// groupOf returns the process group of a process, by its directory in /proc.
func groupOf(directory string) int {
	text, _ := os.ReadFile(filepath.Join(directory, "stat"))
	_, rest, _ := strings.Cut(string(text), ") ") // after the name, which may have blanks: state, parent, group
	if fields := strings.Fields(rest); len(fields) > 2 {
		group, _ := strconv.Atoi(fields[2])
		return group
	}
	return 0
}
