using System.Globalization;
using Microsoft.AspNetCore.SignalR;

namespace HubshareDemo.Incidents;

/// <summary>Keeps the incidents and the rules by which they change.</summary>
public sealed class IncidentBoard
{
    private const int Listed = 100;
    private const int Kept = 1_000;
    private const int LongestTitle = 200;
    private static readonly string[] Severities = ["critical", "warning", "info"];

    private readonly Lock gate = new();
    private readonly List<Incident> oldestFirst = [];
    private long created;

    /// <summary>Called for each change, in the order of the changes, so it must not wait for anything.</summary>
    public Action<Incident> Changed { get; set; } = _ => { };

    /// <summary>Newest first.</summary>
    public IReadOnlyList<Incident> List()
    {
        lock (gate)
        {
            return [.. oldestFirst.TakeLast(Listed).Reverse()];
        }
    }

    /// <exception cref="HubException">The title or the severity is not one.</exception>
    public Incident Create(string title, string severity, string raisedBy)
    {
        var trimmed = title?.Trim() ?? "";
        if (trimmed.Length is 0 or > LongestTitle)
        {
            throw new HubException($"A title has 1 to {LongestTitle} characters");
        }

        if (!Severities.Contains(severity))
        {
            throw new HubException($"A severity is one of {string.Join(", ", Severities)}");
        }

        var now = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        lock (gate)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"INC-{++created}");
            var incident = new Incident(id, trimmed, severity, Incident.Open, raisedBy, now, null, null, now);
            oldestFirst.Add(incident);
            if (oldestFirst.Count > Kept)
            {
                oldestFirst.RemoveAt(0);
            }

            Changed(incident);
            return incident;
        }
    }

    /// <summary>Two people may press at the same time: the first one is kept, and the second sees who it was.</summary>
    /// <exception cref="HubException">There is no such incident, or it is closed.</exception>
    public Incident Acknowledge(string id, string by) =>
        ChangeUnclosed(id, incident => incident.State == Incident.Acknowledged
            ? incident
            : incident with { State = Incident.Acknowledged, AcknowledgedBy = by });

    /// <exception cref="HubException">There is no such incident, or it is closed.</exception>
    public Incident Close(string id, string by) =>
        ChangeUnclosed(id, incident => incident with { State = Incident.Closed, ClosedBy = by });

    /// <summary>How many of the incidents that are kept a user has raised, acknowledged and closed.</summary>
    public (int Raised, int Acknowledged, int Closed) Tally(string userId)
    {
        lock (gate)
        {
            return (
                oldestFirst.Count(incident => incident.RaisedBy == userId),
                oldestFirst.Count(incident => incident.AcknowledgedBy == userId),
                oldestFirst.Count(incident => incident.ClosedBy == userId));
        }
    }

    public bool IsClosed(string id)
    {
        lock (gate)
        {
            // One that is no longer kept can no longer be closed by anyone, so it counts as closed.
            return oldestFirst.Find(incident => incident.Id == id) is null or { State: Incident.Closed };
        }
    }

    private Incident ChangeUnclosed(string id, Func<Incident, Incident> change)
    {
        lock (gate)
        {
            var index = oldestFirst.FindIndex(incident => incident.Id == id);
            if (index < 0)
            {
                throw new HubException($"No incident with id {id}");
            }

            var before = oldestFirst[index];
            if (before.State == Incident.Closed)
            {
                throw new HubException($"Incident {id} is already closed");
            }

            var after = change(before);
            if (after == before)
            {
                return before;
            }

            after = after with { ChangedAtMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() };
            oldestFirst[index] = after;
            Changed(after);
            return after;
        }
    }
}
