"""An Apache Beam pipeline that writes rows to featuregraph by POST /ingest.

    pip install apache-beam
    python examples/dataflow/ingest.py --input orders.ndjson --url http://localhost:4000/ingest/shop/customer

A line of the input is {"entityId": "…", "timestamp": "2001-03-07T14:00:00Z", "values": {"feature": value}}. The pipeline
may repeat a bundle at any time: a row that is written twice is a duplicate, which changes nothing. On Dataflow, replace
ReadFromText by the source that you have, and add --runner=DataflowRunner.

A gateway with authentication needs a token (docs/authentication.md). The pipeline takes it from FEATUREGRAPH_TOKEN when
it starts. It is a part of the pipeline then: on Dataflow, read it from Secret Manager in setup() instead.
"""

import argparse
import json
import os
import time
import urllib.error
import urllib.request

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions

ATTEMPTS = 6


class Ingest(beam.DoFn):
    """Sends batches of lines, and gives the refused lines with their reasons."""

    def __init__(self, url, token):
        self.url = url
        self.headers = {"content-type": "application/x-ndjson"}
        if token:
            self.headers["authorization"] = f"Bearer {token}"
        self.written = Metrics.counter("featuregraph", "written")
        self.duplicates = Metrics.counter("featuregraph", "duplicates")
        self.refused = Metrics.counter("featuregraph", "refused")

    def process(self, lines):
        answers = self.send(lines)
        # A receipt has the number of its line, from 1.
        for answer in answers:
            if "done" in answer:
                self.written.inc(answer["done"]["written"])
                self.duplicates.inc(answer["done"]["duplicates"])
                self.refused.inc(answer["done"]["refused"])
            else:
                yield json.dumps({"row": lines[answer["line"] - 1], **answer})

    def send(self, lines):
        for attempt in range(ATTEMPTS):
            try:
                return self.send_once(lines)
            except (OSError, Retryable) as error:
                # The rows of an incomplete answer may be durable. They are sent again, and are then duplicates.
                if attempt == ATTEMPTS - 1:
                    raise
                print(f"tries again: {error}")
                time.sleep(2**attempt)

    def send_once(self, lines):
        # receipts=refused: this client reads no answer before it has sent everything.
        request = urllib.request.Request(
            self.url + "?receipts=refused",
            data="".join(line + "\n" for line in lines).encode(),
            headers=self.headers,
        )
        try:
            with urllib.request.urlopen(request, timeout=120) as response:
                answers = [json.loads(line) for line in response]
        except urllib.error.HTTPError as error:
            body = error.read().decode()
            raise (Retryable if error.code in (429, 503) else ValueError)(body) from error
        last = answers[-1] if answers else {}
        if "error" in last:
            raise (Retryable if last["error"]["extensions"]["retryable"] else ValueError)(json.dumps(last))
        if "done" not in last:
            raise Retryable("the answer was cut off")
        return answers


class Retryable(Exception):
    """The same rows may be taken later."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", required=True, help="files with a JSON object a line")
    parser.add_argument("--url", required=True, help="http://<gateway>/ingest/<featurestore>/<entityType>")
    parser.add_argument("--refused", default="refused", help="where the refused rows are written")
    options, rest = parser.parse_known_args()
    pipeline = beam.Pipeline(options=PipelineOptions(rest, save_main_session=True))
    (
        pipeline
        | "Read" >> beam.io.ReadFromText(options.input)
        | "Batch" >> beam.BatchElements(min_batch_size=100, max_batch_size=1000)
        | "Ingest" >> beam.ParDo(Ingest(options.url, os.environ.get("FEATUREGRAPH_TOKEN")))
        | "Refused" >> beam.io.WriteToText(options.refused, file_name_suffix=".ndjson")
    )
    result = pipeline.run()
    result.wait_until_finish()
    for counter in result.metrics().query()["counters"]:
        print(f"{counter.key.metric.name}: {counter.result}")


if __name__ == "__main__":
    main()
