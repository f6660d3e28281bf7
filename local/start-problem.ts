/** A reason for which nothing was started, or nothing good came of it; its message is for the person at the terminal. */
export class StartProblem extends Error {
  override readonly name = 'StartProblem';
}
