"""What an app does with boto3 in its default configuration, with a task's variables."""

import os
import tempfile
import urllib.request

import boto3
import botocore.config
import botocore.exceptions

client = boto3.client("s3")
client.head_bucket(Bucket="files")
client.put_object(Bucket="files", Key="a b", Body=b"body", Metadata={"colour": "blue"}, ContentType="text/plain")
answer = client.get_object(Bucket="files", Key="a b")
assert answer["Body"].read() == b"body" and answer["Metadata"] == {"colour": "blue"}, answer

with tempfile.TemporaryDirectory() as directory:  # above 8 MiB, upload_file sends parts and download_file asks for ranges
    large = os.path.join(directory, "large")
    content = os.urandom(20 << 20)
    with open(large, "wb") as file:
        file.write(content)
    client.upload_file(large, "files", "large", ExtraArgs={"ContentType": "video/x"})
    client.download_file("files", "large", large + ".again")
    with open(large + ".again", "rb") as file:
        assert file.read() == content
    assert client.head_object(Bucket="files", Key="large")["ContentType"] == "video/x"
    with open(large, "rb") as file:
        client.put_object(Bucket="files", Key="stream", Body=file, ChecksumAlgorithm="SHA256")

for number in range(12):
    client.put_object(Bucket="files", Key=f"many/{number:02} +é", Body=b"")
pages = client.get_paginator("list_objects_v2").paginate(Bucket="files", Prefix="many/", PaginationConfig={"PageSize": 5})
keys = [entry["Key"] for page in pages for entry in page["Contents"]]
assert keys == [f"many/{number:02} +é" for number in range(12)], keys
bucket = boto3.resource("s3").Bucket("files")  # its collections use the first version of ListObjects
assert [o.key for o in bucket.objects.filter(Prefix="many/").page_size(5)] == keys
bucket.Object("copy").copy({"Bucket": "files", "Key": "a b"})
assert bucket.Object("copy").metadata == {"colour": "blue"}
bucket.objects.filter(Prefix="many/").delete()
assert list(bucket.objects.filter(Prefix="many/")) == []

signed = boto3.client("s3", config=botocore.config.Config(signature_version="s3v4"))
url = signed.generate_presigned_url("get_object", {"Bucket": "files", "Key": "a b"})
assert urllib.request.urlopen(url, timeout=30).read() == b"body"
url = signed.generate_presigned_url("put_object", {"Bucket": "files", "Key": "sent", "ContentType": "text/x"})
headers = {"Content-Type": "text/x"}
urllib.request.urlopen(urllib.request.Request(url, b"sent", headers, method="PUT"), timeout=30)
assert client.get_object(Bucket="files", Key="sent")["Body"].read() == b"sent"

for code, call in {
    "NoSuchKey": lambda: client.get_object(Bucket="files", Key="none"),
    "404": lambda: client.head_object(Bucket="files", Key="none"),
    "PreconditionFailed": lambda: client.put_object(Bucket="files", Key="a b", Body=b"", IfNoneMatch="*"),
    "NoSuchBucket": lambda: client.list_objects_v2(Bucket="absent"),
    "NotImplemented": lambda: client.get_object_tagging(Bucket="files", Key="a b"),
}.items():
    try:
        call()
    except botocore.exceptions.ClientError as error:
        assert error.response["Error"]["Code"] == code, (code, error)
    else:
        raise AssertionError(code)
print("done")
