"""AWS's JSON and CBOR protocols, from botocore's service models."""
