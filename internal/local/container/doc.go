// Package container runs one container of a task definition on this machine, as Fargate would run it:
//
//	Image --Build--> Program --Start(Spec)--> Task --Stop--> SIGTERM ... StopTimeout ... SIGKILL
//	                                            '-- Done, Exit
//
// There are two platforms. With a container engine a task is a container with the definition's user, read-only root, memory
// limit and dropped capabilities. Without one it is a process from the same build context; NotEnforced then says what the
// definition asks for and this machine does not do. Both use the host's network, so that each task has a port of its own where
// on Fargate it has an address of its own.
//
// A task must not outlive the program that started it. Processes end with it where the kernel helps (Linux); the Ledger names
// those that were left behind, and the next start ends them.
package container
