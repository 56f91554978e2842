/** First numbers of the random streams of each purpose, apart by more than there are splits. */
export const STREAMS = { scene: 0, text: 16, corpus: 32, evaluation: 48 } as const;
