// Package stack starts Anlan's real binaries together: a simulated building, its edge
// and the cloud. `make run` and the system tests stand on it.
package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Process is one running binary, logging to a file.
type Process struct {
	Name string
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error
}

// startProcess starts a binary in a process group of its own, so that a Ctrl-C at the
// terminal reaches only the launcher, which then stops everything in order.
func startProcess(name, logFile string, env []string, path string, args ...string) (*Process, error) {
	f, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("stack: log of %s: %w", name, err)
	}
	defer f.Close() // the child has its own copy
	cmd := exec.Command(path, args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("stack: start %s: %w", name, err)
	}
	p := &Process{Name: name, cmd: cmd, log: logFile, done: make(chan struct{})}
	go func() {
		p.err = cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// PID is the process's number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Done is closed when the process has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Stop asks the process to end and waits; after grace it is killed, which is an error.
func (p *Process) Stop(grace time.Duration) error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // already gone is as good
	select {
	case <-p.done:
	case <-time.After(grace):
		p.Kill()
		return fmt.Errorf("stack: %s did not stop within %v; the end of its log:\n%s", p.Name, grace, p.Tail())
	}
	if exit, ok := errors.AsType[*exec.ExitError](p.err); ok && exit.ExitCode() > 0 {
		return fmt.Errorf("stack: %s ended with %w; the end of its log:\n%s", p.Name, p.err, p.Tail())
	}
	return nil
}

// Kill ends the process at once, as a power cut would, and waits for it to be gone.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // already gone is as good
	<-p.done
}

// Tail is the end of the process's log.
func (p *Process) Tail() string {
	b, err := os.ReadFile(p.log)
	if err != nil {
		return err.Error()
	}
	lines := bytes.Split(bytes.TrimSpace(b), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-15):], []byte("\n")))
}

// await polls until ready is true, the process ends or the time is up.
func (p *Process) await(ctx context.Context, what string, within time.Duration, ready func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ready() {
		select {
		case <-p.done:
			return fmt.Errorf("stack: %s ended before %s; the end of its log:\n%s", p.Name, what, p.Tail())
		case <-ctx.Done():
			return fmt.Errorf("stack: %s: no %s within %v; the end of its log:\n%s", p.Name, what, within, p.Tail())
		case <-tick.C:
		}
	}
	return nil
}

// removeStale takes away a ready file of an earlier run, so that it is not taken for
// this one's.
func removeStale(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("stack: %w", err)
	}
	return os.MkdirAll(filepath.Dir(file), 0o755)
}
