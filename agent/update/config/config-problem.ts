/** What is wrong with a configuration, in words for the person who wrote it. The program ends with the configuration exit code. */
export class ConfigProblem extends Error {
  override readonly name = 'ConfigProblem';
}
