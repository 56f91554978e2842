/** Training: configurations, whole runs in a folder, and the trainer by itself, which takes examples and gives losses. */
export { parseTrainConfig, readTrainConfig, type TrainConfig } from './config.ts';
export { openTrainingData } from './data.ts';
export { type ModelSetup, prepareModel } from './model-files.ts';
export { runTraining, type TrainRunOptions, type TrainRunResult } from './run.ts';
export { type NamedExamples, type StepReport, type SubmittedStep, Trainer } from './trainer.ts';
