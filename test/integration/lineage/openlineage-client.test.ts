import { expect, it } from 'vitest';
import { allEvents } from '../../support/openlineage/job-events.js';
import { hasPythonModules, howToGet, runPython } from '../../support/python.js';

const MODULES = ['openlineage.client'];

/**
 * Makes the objects of the client of OpenLineage from our events. Its classes are made from the JSON Schemas of the specification:
 * they refuse unknown and missing properties, and each has the URL of its schema.
 */
const PROGRAM = `
import json, os, attr
from openlineage.client.generated import base, column_lineage_dataset, dataset_type_dataset, datasource_dataset
from openlineage.client.generated import documentation_dataset, documentation_job, error_message_run, job_type_job
from openlineage.client.generated import output_statistics_output_dataset, processing_engine_run, schema_dataset, tags_dataset
from openlineage.client.serde import Serde

FACETS = {
    "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet,
    "dataSource": datasource_dataset.DatasourceDatasetFacet,
    "errorMessage": error_message_run.ErrorMessageRunFacet,
    "jobType": job_type_job.JobTypeJobFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
    "processing_engine": processing_engine_run.ProcessingEngineRunFacet,
    "schema": schema_dataset.SchemaDatasetFacet,
    "tags": tags_dataset.TagsDatasetFacet,
}

def facet(name, content, documentation):
    kind = documentation if name == "documentation" else FACETS[name]
    content = dict(content)
    url = content.pop("_schemaURL")
    assert url == kind._get_schema(), (url, kind._get_schema())
    if name == "schema":
        content["fields"] = [schema_dataset.SchemaDatasetFacetFields(**field) for field in content["fields"]]
    if name == "tags":
        content["tags"] = [tags_dataset.TagsDatasetFacetFields(**tag) for tag in content["tags"]]
    if name == "columnLineage":
        def origin(field):
            changes = [column_lineage_dataset.Transformation(**each) for each in field.pop("transformations")]
            return column_lineage_dataset.InputField(**field, transformations=changes)
        content["fields"] = {
            column: column_lineage_dataset.Fields(inputFields=[origin(field) for field in of["inputFields"]])
            for column, of in content["fields"].items()
        }
        content["dataset"] = [origin(field) for field in content.get("dataset", [])]
    return kind(producer=content.pop("_producer"), **content)

def facets(of, documentation=None):
    return {name: facet(name, content, documentation) for name, content in of.items()}

for event in json.loads(os.environ["EVENTS"]):
    event = json.loads(json.dumps(event))
    dataset = documentation_dataset.DocumentationDatasetFacet
    def datasets(kind, of):
        return [kind(**{name: facets(part, dataset) if isinstance(part, dict) else part for name, part in each.items()}) for each in of]
    assert event.pop("schemaURL") == base.RunEvent._get_schema()
    run, job = event.pop("run"), event.pop("job")
    made = base.RunEvent(
        run=base.Run(runId=run["runId"], facets=facets(run["facets"])),
        job=base.Job(**{**job, "facets": facets(job["facets"], documentation_job.DocumentationJobFacet)}),
        inputs=datasets(base.InputDataset, event.pop("inputs")),
        outputs=datasets(base.OutputDataset, event.pop("outputs")),
        eventType=base.EventType(event.pop("eventType")),
        **event,
    )
    print(Serde.to_json(made))
`;

it.skipIf(!hasPythonModules(...MODULES))(
  `the client of OpenLineage has the same events (${howToGet(['openlineage-python'])})`,
  async () => {
    const events = await allEvents();
    const printed = await runPython(PROGRAM, { EVENTS: JSON.stringify(events) });
    const made = printed.trim().split('\n');
    expect(made).toHaveLength(events.length);
    made.forEach((text, index) => {
      const event = JSON.parse(text);
      expect(event).toMatchObject({ eventType: events[index]!.eventType, run: { runId: events[index]!.run.runId } });
      expect(event.inputs).toHaveLength(events[index]!.inputs.length);
    });
  },
  120_000,
);
