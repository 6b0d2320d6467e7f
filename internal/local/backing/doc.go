// Package backing starts the attached resources of one environment on this machine: the database, the cache, and the
// AWS services that a task asks for secrets, settings and objects. Plain settings go in; nothing here knows cdk.out.
//
//	Authority ── a private CA; the tasks trust it by SSL_CERT_FILE=<Bundle>
//	    │
//	    ├─► Database   a real PostgreSQL, TLS only     127.0.0.1:<kept port>   <Dir>/data
//	    ├─► Cache      a real Valkey or Redis, TLS only 127.0.0.1:<kept port>  or miniredis in this process
//	    │
//	    └── AWS        Secrets Manager, Parameter Store, S3, STS, and the tasks' credentials
//	        ▲          http://127.0.0.1:<kept port>                             <Dir>/objects.bolt
//	        └─ Generator ── passwords made once, as Secrets Manager makes them
//
// What is kept between two starts lies in each resource's Dir: data, passwords and the port, so that an address which
// somebody wrote down stays right. A Dir belongs to one process at a time (a file lock, gone when its owner is).
//
// # What is as on AWS
//
//   - Connections without TLS are refused (rds.force_ssl, TransitEncryptionMode required).
//   - The database's login may create databases and roles, owns its database, and is no superuser: that one is
//     rdsadmin, as on RDS. The login's password is set at each start, so that a changed secret works.
//   - The cache's default user is off; the template's user has the template's access string.
//   - Requests to AWS carry Signature Version 4 with credentials that the container endpoint has handed out, and the
//     signature is checked. What is missing answers with AWS's own error code; what is not played says so by name.
//
// # What is not
//
// No IAM policy is evaluated, objects have no versions, and a signed upload in chunks with trailers is refused. The
// database sorts by code point, RDS by en_US.UTF-8. A cache's data ends with the cache, as on one node without snapshots.
//
// # Root and crashes
//
// PostgreSQL refuses to run as root, so root runs the servers as nobody, who must reach Dir: see StateDir. If this
// process is killed, the servers end with it on Linux. Elsewhere they go on, and the next start stops them in order.
package backing
