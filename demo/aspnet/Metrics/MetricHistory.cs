namespace HubshareDemo.Metrics;

/// <summary>The newest values of each metric, for a console that has just been opened.</summary>
public sealed class MetricHistory
{
    private const int Kept = 60;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Queue<MetricPoint>> points = [];

    public void Add(Metric metric)
    {
        lock (gate)
        {
            if (!points.TryGetValue(metric.Name, out var queue))
            {
                points[metric.Name] = queue = new Queue<MetricPoint>();
            }

            queue.Enqueue(new MetricPoint(metric.AtMs, metric.Value));
            if (queue.Count > Kept)
            {
                queue.Dequeue();
            }
        }
    }

    public IReadOnlyDictionary<string, IReadOnlyList<MetricPoint>> Last()
    {
        lock (gate)
        {
            return points.ToDictionary(pair => pair.Key, pair => (IReadOnlyList<MetricPoint>)[.. pair.Value]);
        }
    }
}
