
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
      "BacktestJob",
      "BatchPredictionJob",
      "FeatureViewSyncJob",
      "MonitorRunJob",
      "SourceRefreshJob",
      "TrainingSetJob"
    ],
    "Node": [
      "BacktestJob",
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
      "Monitor",
      "MonitorRunJob",
      "PriceBook",
      "SourceRefreshJob",
      "TrainingSetJob"
    ]
  }
};
      export default result;
    