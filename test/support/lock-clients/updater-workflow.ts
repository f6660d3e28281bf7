import { ClientExit, type HostSetup, type StateFile, sleepSeconds } from './simulated-host.ts';

/** What differs between the updaters; both throw ClientExit, and so does whatever goes wrong in them. */
export interface LockCalls {
  acquire(): Promise<void>;
  release(): Promise<void>;
}

/**
 * The task loop that foreman_dlm_updater and DLMEngineUpdater share. The state file is read before each task and written after
 * it, and a run ends with the reboot: the next one goes on after it. A host counts as inside from the moment its client
 * believes to hold the lock until it first asks to give it back.
 */
export const updaterRun = (setup: HostSetup, state: StateFile, updates: { available: boolean }, calls: LockCalls) => {
  const steps: Readonly<Record<string, () => Promise<string | undefined>>> = {
    needs_update: async () => {
      if (!updates.available) throw new ClientExit(0, 'no updates available');
      return 'lock_get';
    },
    lock_get: async () => {
      await calls.acquire();
      setup.section.enter(setup.name);
      return 'pre_update';
    },
    pre_update: async () => 'update',
    update: async () => {
      await sleepSeconds(setup, setup.updateSeconds);
      return 'needs_reboot';
    },
    needs_reboot: async () => 'reboot',
    reboot: async () => {
      state.task = 'post_update';
      throw new ClientExit(0, 'rebooting');
    },
    post_update: async () => 'lock_release',
    lock_release: async () => {
      setup.section.leave(setup.name);
      await calls.release();
      updates.available = false;
      state.task = undefined;
      throw new ClientExit(0, 'updated');
    },
  };
  return async (): Promise<never> => {
    for (;;) {
      const step = steps[state.task ?? 'needs_update'];
      if (step === undefined) throw new Error(`garbage in the state file: ${state.task}`);
      state.task = await step();
    }
  };
};
