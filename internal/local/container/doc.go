// Package container runs one container of a task definition on this machine, as Fargate would run it:
//
//	Image --Build--> Program --Start(Spec)--> Task --Stop--> SIGTERM ... StopTimeout ... SIGKILL
//	                                            '-- Done, Exit
//
// There are two runtimes. With a container engine, a task is a container with the task definition's user, read-only
// root, memory limit and dropped capabilities. Without one, a task is a plain process built from the same files, and
// NotEnforced lists what the task definition asks for and this machine does not enforce. Both use the host's network:
// where a task on Fargate has its own address, a task here has its own port.
//
// A task must not outlive the program that started it. On Linux the kernel ends processes with their parent. Elsewhere
// a ledger on disk lists the processes that were left behind, and the next start ends them.
package container
