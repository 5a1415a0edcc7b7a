import { setImmediate } from 'node:timers/promises';
import { render } from 'ink';
import type { ExitCode } from '../src/model/exit-codes.ts';
import { App } from './app.tsx';
import type { DashboardController, TerminalCommand } from './controller.ts';
import { frames } from './hooks/use-observable.ts';
import { handleMouse } from './keys/handle-input.ts';
import { mouseOff, mouseOn, withoutMouse } from './keys/mouse.ts';
import { Session } from './session.ts';
import { TerminalBridge } from './terminal-bridge.tsx';
import { themeFor } from './theme/theme.ts';

export interface ScreenOptions {
  /** Testcases that are selected at the start. */
  readonly selected?: readonly string[];
  /** Runs a program on the terminal until it ends; @returns why that failed, or null. */
  readonly runCommand: (command: TerminalCommand) => Promise<string | null>;
  /** Gets a function that closes the screen from outside, for signals. */
  readonly onOpen?: (close: (exitCode: ExitCode) => void) => void;
}

/** Of key presses; what changes by itself has its own, lower limit. */
const framesPerSecond = 30;

/** Shows a dashboard until it is quit; @returns the exit code of its controller. */
export async function showScreen(controller: DashboardController, { selected = [], runCommand, onOpen }: ScreenOptions): Promise<ExitCode> {
  const session = new Session(controller, { selected });
  const write = (sequence: string) => void process.stdout.write(sequence);
  const closed = Promise.withResolvers<ExitCode>();
  const instance = render(
    <>
      <TerminalBridge
        onReady={(suspend) => {
          session.host = {
            write,
            close: closed.resolve,
            async lend(command) {
              write(mouseOff);
              let problem: string | null = null;
              await suspend(async () => {
                // Ink has taken its listener away, and Node goes on reading: it would eat the first keys meant for the program.
                await setImmediate();
                process.stdin.pause();
                problem = await runCommand(command);
              });
              write(mouseOn);
              return problem;
            },
          };
        }}
      />
      <App session={session} theme={themeFor(process.env)} />
    </>,
    {
      stdin: withoutMouse(process.stdin, (event) => handleMouse(session, event)),
      alternateScreen: true,
      incrementalRendering: true,
      maxFps: framesPerSecond,
      exitOnCtrlC: false,
      interactive: true,
      patchConsole: true,
      onRender: ({ renderTime }) => frames.drew(renderTime),
    },
  );
  // A terminal that is closed answers every read and write with EIO; SIGHUP, which comes with it, ends the program in good order.
  const ignore = () => {};
  process.stdin.on('error', ignore);
  process.stdout.on('error', ignore);
  const resetMouse = () => write(mouseOff);
  process.once('exit', resetMouse);
  write(mouseOn);
  onOpen?.(closed.resolve);
  const crashed = instance.waitUntilExit().then(() => closed.promise);
  try {
    return await Promise.race([closed.promise, crashed]);
  } finally {
    resetMouse();
    process.removeListener('exit', resetMouse);
    instance.unmount();
    await instance.waitUntilExit().catch(() => {});
  }
}
