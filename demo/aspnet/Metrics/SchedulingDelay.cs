using System.Diagnostics;

namespace HubshareDemo.Metrics;

/// <summary>
/// How long work waits for a thread of the pool: a thread of its own queues an empty work item every few milliseconds and the item
/// notes how late it ran. .NET has no event loop; this is the delay that a request or a hub call meets in its place.
/// </summary>
public sealed class SchedulingDelay : IDisposable
{
    private const int EveryMs = 10;

    private readonly Lock gate = new();
    private readonly List<double> samplesMs = [];
    private readonly ManualResetEventSlim ended = new();
    private long oldestWaiting;

    public SchedulingDelay()
    {
        new Thread(Probe) { IsBackground = true, Name = "scheduling-delay" }.Start();
    }

    /// <summary>99th percentile in milliseconds since the call before. A probe that still waits counts with its age: a stuck pool must not look idle.</summary>
    public double TakeP99()
    {
        lock (gate)
        {
            if (oldestWaiting != 0)
            {
                samplesMs.Add(Stopwatch.GetElapsedTime(oldestWaiting).TotalMilliseconds);
            }

            if (samplesMs.Count == 0)
            {
                return 0;
            }

            samplesMs.Sort();
            var p99 = samplesMs[(int)Math.Ceiling(samplesMs.Count * 0.99) - 1];
            samplesMs.Clear();
            return p99;
        }
    }

    public void Dispose() => ended.Set();

    private void Probe()
    {
        while (!ended.Wait(EveryMs))
        {
            lock (gate)
            {
                if (oldestWaiting != 0)
                {
                    continue;
                }

                oldestWaiting = Stopwatch.GetTimestamp();
            }

            ThreadPool.UnsafeQueueUserWorkItem(static delay => delay.Note(), this, preferLocal: false);
        }
    }

    private void Note()
    {
        lock (gate)
        {
            samplesMs.Add(Stopwatch.GetElapsedTime(oldestWaiting).TotalMilliseconds);
            oldestWaiting = 0;
        }
    }
}
