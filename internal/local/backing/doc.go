// Package backing starts the backing services of one environment on this machine: the database, the cache, and a
// stand-in for the AWS services from which tasks get secrets, parameters and objects. It takes plain settings and does
// not read cdk.out.
//
//	Authority ── a private CA; the tasks trust it by SSL_CERT_FILE=<Bundle>
//	    │
//	    ├─► Database   a real PostgreSQL, TLS only      127.0.0.1:<kept port>  <Dir>/data
//	    ├─► Cache      a real Valkey or Redis, TLS only 127.0.0.1:<kept port>  or miniredis in this process
//	    │
//	    └── AWS        Secrets Manager, Parameter Store, S3, STS, and the tasks' credentials
//	        ▲          http://127.0.0.1:<kept port>                            <Dir>/objects
//	        └─ Generator ── passwords made once, as Secrets Manager makes them
//
// Each service keeps in its Dir what must survive a restart: data, passwords, and the port, so that addresses stay the
// same. A file lock reserves a Dir for one process; the lock ends with the process.
//
// # What is as on AWS
//
//   - Connections without TLS are refused (rds.force_ssl, TransitEncryptionMode required).
//   - The database's login may create databases and roles and owns its database. It is not a superuser: that is
//     rdsadmin, as on RDS. The login's password is set at each start, so that a changed secret works.
//   - The cache's default user is off; the template's user has the template's access string.
//   - Requests to AWS are signed with Signature Version 4 and the credentials of the container endpoint, and the
//     signature is checked. A missing secret, parameter or object gives AWS's own error code. An action that the
//     stand-in does not support gives an error with its name.
//
// # What is not
//
// IAM policies are not evaluated, and objects have no versions; package s3 has the details. The database sorts by code
// point, RDS by en_US.UTF-8. The cache loses its data when it stops, as does a single node without snapshots.
//
// # Root and crashes
//
// PostgreSQL refuses to run as root. So if this program runs as root, the servers run as user nobody, who must be able
// to reach Dir. If this program is killed, the servers end with it on Linux. Elsewhere they keep running, and the next
// start stops them.
package backing
