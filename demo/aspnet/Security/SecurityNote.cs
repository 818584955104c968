namespace HubshareDemo.Security;

/// <summary>What there is to say about one thing that happened. There is no room for a token in it.</summary>
/// <param name="Type">What happened.</param>
public sealed record SecurityNote(SecurityEventType Type)
{
    /// <summary>Path of the hub.</summary>
    public string? Hub { get; init; }

    /// <summary>Code of the refusal.</summary>
    public string? Code { get; init; }

    /// <summary>Of the client's socket.</summary>
    public string? Address { get; init; }

    public string? UserId { get; init; }

    /// <summary>The public id.</summary>
    public string? ConnectionId { get; init; }

    /// <summary>The hub method that was called, or what it was called for.</summary>
    public string? Method { get; init; }

    /// <summary>The administrator who did it.</summary>
    public string? By { get; init; }
}
