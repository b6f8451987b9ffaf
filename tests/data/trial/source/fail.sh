echo "it fails" >&2
exit 3
