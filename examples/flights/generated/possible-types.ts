
      export interface PossibleTypesResultData {
        possibleTypes: {
          [key: string]: string[]
        }
      }
      const result: PossibleTypesResultData = {
  "possibleTypes": {
    "Entity": [
      "FlightsAirport",
      "FlightsRoute"
    ],
    "Job": [
      "BatchPredictionJob",
      "FeatureViewSyncJob",
      "SourceRefreshJob",
      "TrainingSetJob"
    ],
    "Node": [
      "BatchPredictionJob",
      "EntityType",
      "Feature",
      "FeatureView",
      "FeatureViewSyncJob",
      "Featurestore",
      "FlightsAirport",
      "FlightsFeaturestore",
      "FlightsRoute",
      "Model",
      "PriceBook",
      "SourceRefreshJob",
      "TrainingSetJob"
    ]
  }
};
      export default result;
    