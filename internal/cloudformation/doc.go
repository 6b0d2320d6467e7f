// Package cloudformation plays what CloudFormation and the CDK command line do with an environment's stacks, without AWS:
// create, update, delete, in any order that the dependencies allow and in parallel, with a fault at any event, rollback, the
// same command again. While it plays it holds the invariants of violation.go. A seed repeats a history.
//
//	Deploy: for each stack                                         Destroy: for each stack, in reverse order
//
//	   (none) --create--> everything works ----> CREATE_COMPLETE -----delete, unless termination protection--> (none)
//	     ^  \--fault: delete what was made --+-> ROLLBACK_COMPLETE --.                    |
//	     |                                   '-> ROLLBACK_FAILED ----+                    '--refused: DELETE_FAILED
//	     '------------ the next Deploy deletes it first -------------'                        stays, with what it has
//
//	   *_COMPLETE --same template--> skipped: what it read from other stacks stays as it was
//	        |
//	        '--update--> create, change, replace --> UPDATE_COMPLETE --> clean-up: delete what was replaced and removed
//	               \--fault: set everything back -+> UPDATE_ROLLBACK_COMPLETE --> clean-up: delete what was made
//	                                              '> UPDATE_ROLLBACK_FAILED: the next Deploy continues the rollback
//
//	one resource:  waits --> begins --> ends       claim what is unique, need what must be there, start tasks | work
//	               (delete)  begins --> ends       policy, protection, in use, data                           | be gone
//
//	account.go      what exists                    command.go   deploy, destroy, and a runbook's commands
//	stack.go        the operations on one stack    change.go rollback.go remove.go   what they do with one resource
//	scheduler.go    in which order, event.go faults
//	template.go expression.go   templates, and values in which every part says which resource it came from
//	schema.go schemas.go        what replaces: AWS's schemas, written by scripts/schemas.mjs
//	unique.go types.go in_use.go   what AWS and the gate refuse   gated.go kept.go after.go   the invariants
//
// Not modelled: time, prices, quotas, permissions of whoever deploys; drift; nested stacks, imports, exports, stack policies,
// --no-rollback, --hotswap and --express; conditions and transforms (a hosted rotation is one resource); what a property's
// value makes AWS refuse; overlapping CIDRs that are not equal; addresses, routes and internet gateways; a migration whose
// answer is lost, and tasks that a schedule has started; a container's health. Assumed: a rollback restores the values that
// were deployed, and does not read other stacks again; a change set of an unchanged template is empty unless a parameter of
// AWS's has moved; a replaced resource goes in the clean-up, after everything else has succeeded.
package cloudformation
