using System.Text.Json;

namespace HubshareDemo.Security;

/// <summary>What the hub notes about who came in and who did not. Bounded; warnings and alerts also go to standard error, one line of JSON each.</summary>
public sealed class SecurityLog(SecurityClock time)
{
    /// <summary>Per level: a flood of failures must not push the alert out that tells of it.</summary>
    private const int Kept = 500;

    /// <summary>A name that a client has made up must not fill the log.</summary>
    private const int LongestName = 100;

    private readonly Lock gate = new();
    private readonly Dictionary<string, Queue<SecurityEvent>> kept = new()
    {
        [SecurityEventType.Info] = new(),
        [SecurityEventType.Warning] = new(),
        [SecurityEventType.Alert] = new(),
    };

    public void Note(SecurityNote note)
    {
        var level = note.Type.Level;
        var method = note.Method is { Length: > LongestName } name ? name[..LongestName] : note.Method;
        var entry = new SecurityEvent(
            time.GetUtcNow().ToUnixTimeMilliseconds(), level, note.Type.Name, note.Hub, note.Code, note.Address, note.UserId, note.ConnectionId, method, note.By);
        lock (gate)
        {
            kept[level].Enqueue(entry);
            if (kept[level].Count > Kept)
            {
                kept[level].Dequeue();
            }
        }

        // Connections come and go all the time; what goes wrong with one is worth a line.
        if (level != SecurityEventType.Info)
        {
            Console.Error.WriteLine(JsonSerializer.Serialize(entry, JsonSerializerOptions.Web));
        }
    }

    /// <summary>The newest of a level, oldest first.</summary>
    public IReadOnlyList<SecurityEvent> Read(string level)
    {
        lock (gate)
        {
            return [.. kept[level]];
        }
    }
}
