# Waits until the test puts an object that is called like the execution.
exec python3 -c "
import boto3
boto3.client('s3').get_waiter('object_exists').wait(
    Bucket='trial-signals', Key='$EXECUTION', WaiterConfig={'Delay': 1, 'MaxAttempts': 300}
)"
