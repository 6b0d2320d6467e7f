// Package s3 answers the calls of Amazon S3 that a task makes, with objects in files. Whoever uses it verifies the
// signatures of requests first.
//
//	PUT /bucket/key ── receive ──► DIR/BUCKET/new-123 ── commit, a rename ──► DIR/BUCKET/SHA256-OF-THE-KEY
//	                      │                                                      the body
//	                      aws-chunked, checksums;                                a newline
//	                      nothing stays in memory                                one line of JSON: key, headers, ETag
//
// An object is one file, so it is there as a whole or not at all, and no key can leave the directory. The next start
// removes what a killed program was receiving. An index of all keys is in memory: one process uses a directory at a time.
//
// # What it answers
//
// PutObject, CopyObject, GetObject, HeadObject, DeleteObject, DeleteObjects, ListObjectsV2, ListObjects, HeadBucket,
// GetBucketLocation, and uploads in parts: CreateMultipartUpload, UploadPart, CompleteMultipartUpload,
// AbortMultipartUpload. They know ranges, conditions such as If-None-Match, metadata, checksums, and bodies in chunks
// with trailers, as newer SDKs send them. Any other call gets 501 NotImplemented with its form.
//
// # What differs
//
// The signatures of single chunks are not verified, only that of the request. Uploads in parts do not survive a restart.
// There are no versions, tags, locks and storage classes, and no checksum that the client has not sent.
package s3
