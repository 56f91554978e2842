/** Visual question answering on VQAv2: the official accuracy (paper, table 5). */
import { readVqa, type VqaQuestion } from '../data/vqav2.ts';
import { shownText } from '../exhibit.ts';
import { vqaAccuracy } from '../metrics/vqa.ts';
import { predictedText } from '../predictions.ts';
import { cocoNamesOf } from '../run/pictures.ts';
import { defineTask, type MetricRow } from '../task.ts';

/** On test-dev, without instruction tuning. */
const PAPER = 45.6;

/** The gallery calls an answer right from so many percent on. */
const HALF = 50;

export const vqa = defineTask<VqaQuestion, string>({
  summary: 'answers to the questions of VQAv2',
  dataForm: 'a folder with the official questions and annotations',
  predictionForm: '"answer" (or "text")',
  load: ({ data }) => readVqa(data),
  asking: {
    kind: 'writing',
    pictureOf: ({ imageId }) => ({ names: cocoNamesOf(imageId) }),
    decoding: { maxNewTokens: 32 },
    ask: ({ question }) => ({ prompt: `Question: ${question} Answer:` }),
    predict: ({ answer }) => ({ answer }),
  },
  show: (item, answer) => {
    const { overall } = vqaAccuracy([{ ...item, answer }]);
    return shownText(overall >= HALF, [...new Set(item.humanAnswers)]);
  },
  read: (row) => predictedText(row, ['answer', 'text']),
  async score(answers) {
    const accuracy = vqaAccuracy(
      answers.map(({ item, answer }) => {
        const { humanAnswers, answerType, questionType } = item;
        return { answer, humanAnswers, answerType, questionType };
      }),
    );
    const rows = (group: Readonly<Record<string, number>>, kind: string): MetricRow[] =>
      Object.entries(group)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([type, value]) => ({ metric: `${kind} "${type}"`, value, paper: null }));
    return {
      rows: [
        { metric: 'accuracy', value: accuracy.overall, paper: PAPER },
        ...rows(accuracy.perAnswerType, 'answers'),
        ...rows(accuracy.perQuestionType, 'questions'),
      ],
      notes: ["the paper's figure is of test-dev, without instruction tuning; with it 51.1 was published"],
    };
  },
});
